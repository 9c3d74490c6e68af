"""Exports the checkpoints to ONNX with optimum; merges the adapter into a checkpoint with PEFT. What is there is kept."""

import subprocess
import sys

from peft import PeftModel

from koine_eval.real import plan, train, whisper
from koine_eval.real.store import new_folder, parser, say

OPTIMUM = (sys.executable, "-m", "optimum.commands.optimum_cli", "export", "onnx")


def export(source, folder, task="automatic-speech-recognition"):
    command = [*OPTIMUM, "--model", source, "--task", task, folder]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"optimum-cli could not export {source}:\n{done.stderr}")


def main():
    store = parser(__doc__).parse_args().cache
    for expert in plan.EXPERTS:
        target = store.model(expert.checkpoint)
        if not target.exists():
            with new_folder(target) as folder:
                adapted = PeftModel.from_pretrained(whisper.load(store.model("base")), store.model(expert.name))
                adapted.merge_and_unload().save_pretrained(folder)
                train.add_tokenizer(store, folder)
            say(f"export: {target}")
    for name in plan.CHECKPOINTS:
        target = store.model(f"{name}-onnx")
        if not target.exists():
            with new_folder(target) as folder:
                export(store.model(name), folder)
            say(f"export: {target}")


if __name__ == "__main__":
    main()
