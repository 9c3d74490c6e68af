# Sourced by the commands here: where things are kept, the Python environment, and `run MODULE ARGUMENT...`.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cache="${KOINE_REAL_CACHE:-$HOME/.cache/koine/real}"
python="${PYTHON:-python3}"
venv="$cache/venv"
environment_help="  KOINE_REAL_CACHE  where the environment, packages, speech and models are kept (now: $cache)
  DEBIAN_MIRROR     where Debian packages come from (now: ${DEBIAN_MIRROR:-http://deb.debian.org/debian})
  PYTHON            the Python that the environment is made from (now: $python)"

prepare_environment() {
  if ! cmp -s "$here/requirements.txt" "$venv/installed"; then
    mkdir -p "$cache"
    "$python" -m venv "$venv"
    "$venv/bin/pip" install --quiet -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/installed"
  fi
}

run() { PYTHONPATH="$here/.." "$venv/bin/python" -m "koine_eval.real.$1" --cache "$cache" "${@:2}"; }
