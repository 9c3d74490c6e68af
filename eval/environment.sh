# Sourced by the commands here: where things are kept, the Python environment, and `run MODULE ARGUMENT...`.
cache="${KOINE_EVAL_CACHE:-$HOME/.cache/koine-eval}"
python="${PYTHON:-python3}"
venv="$cache/venv"
environment_help="  KOINE_EVAL_CACHE  where the environment, the corpus and the models are kept (now: $cache)
  PYTHON            the Python that the environment is made from (now: $python)"

prepare_environment() {
  command -v espeak-ng >/dev/null || { echo "espeak-ng is missing (Debian: apt-get install espeak-ng)" >&2; exit 1; }
  if ! cmp -s requirements.txt "$venv/installed"; then
    "$python" -m venv "$venv"
    "$venv/bin/pip" install --quiet -r requirements.txt
    cp requirements.txt "$venv/installed"
  fi
}

run() { "$venv/bin/python" -m "koine_eval.$1" "${@:2}"; }
