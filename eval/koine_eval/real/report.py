"""Puts the tables of what was measured between their marks in REAL.md; the words around them are left as they are."""

import json
import re
from pathlib import Path

from koine_eval.real import koine, plan, score, services, small, weigh
from koine_eval.real.store import parser, say, sha256
from koine_eval.real.study import plots
from koine_eval.real.study import tables as study

NOT_RUN = "Not measured yet."


def experts(store):
    """Error rates of the base and of each expert in its language, and what training took."""
    rows = [["model", "weights trained", "steps", "seconds", *plan.LANGUAGES]]
    for name, made in ((name, _expert(name)) for name in plan.CHECKPOINTS):
        trained = store.read("training", made.name) if made else None
        cost = [f"{trained['weights']:,}", str(made.steps), str(trained["seconds"])] if trained else ["", "", ""]
        scores = store.read("scores", name) or {}
        rows.append([made.name if made else name, *cost, *(_rates(scores.get(language)) for language in plan.LANGUAGES)])
    return study.made(rows)


def sizes(store, models):
    """The recipes on one set of models: bytes, error rates, and how far they are from LoRS."""
    merged = store.folder / "measured" / "small" / models
    if not merged.exists():
        return NOT_RUN
    against = {"merged": small.LORS.name} | ({"alone": small.WHOLE.name} if models == "real" else {})
    heads = (cell for part, other in against.items() for cell in (f"{part}: WER", f"minus {other}"))
    rows = [["recipe", "kB", "of float16", *heads]]
    reference = {part: _scores(store, models, other)[part] for part, other in against.items()}
    for recipe in small.RECIPES:
        found = _scores(store, models, recipe.name)
        if not found["merged"] and not found["alone"]:
            continue
        size = [f"{found['bytes'] / 1000:,.0f}", f"{100 * found['share']:.1f} %"] if found["bytes"] else ["", ""]
        cells = [recipe.name, *size]
        for part, other in against.items():
            cells += _compared(found[part], reference[part], recipe.name == other)
        rows.append(cells)
    return study.made(rows)


def _scores(store, models, recipe):
    """Of all experts merged and of each alone: language -> counts; the mean bytes of a task vector."""
    folder = store.folder / "measured" / "small" / models / recipe
    records = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    merged = next((record for name, record in records.items() if "-" in name), None)
    alone = {name: record["scores"][name] for name, record in records.items() if "-" not in name}
    if recipe == small.WHOLE.name and models == "real":  # nothing is pruned: the experts themselves
        own = {one.language: (store.read("scores", one.checkpoint) or {}).get(one.language) for one in plan.EXPERTS}
        alone = own if all(own.values()) else {}
    is_complete = len(alone) == len(plan.EXPERTS)
    sizes = merged["bytes"] if merged else []
    return {
        "merged": merged["scores"] if merged else {},
        "alone": alone if is_complete else {},
        "bytes": sum(sizes) / max(1, len(sizes)),
        "share": sum(sizes) / max(1, len(sizes)) / merged["float16"] if merged else 0,
    }


def _compared(ours, theirs, is_reference):
    if not ours:
        return ["", ""]
    mean = sum(score.rates(rows)[0] for rows in ours.values()) / len(ours)
    if is_reference or not theirs:
        return [f"{mean:.1f}", ""]
    return [f"{mean:.1f}", study.difference(ours, theirs, list(ours))]


def weighed(store):
    """Base, own experts and merges, weighed by statistics or not; what statistics and merges cost."""
    merges = {merge: store.read("weigh", merge.name) for merge in weigh.MERGES}
    done = {merge: record for merge, record in merges.items() if record}
    if weigh.DEFAULT not in done:
        return NOT_RUN
    base, default = store.read("scores", "base"), done[weigh.DEFAULT]["scores"]
    own = {one.language: store.read("scores", one.checkpoint)[one.language] for one in plan.EXPERTS}
    others = [*weigh.PROTECTED, "ru"]
    compared = ("mean", "minus default", "gap closed")
    unchanged = [f"{', '.join(languages)} minus base" for languages in (["es"], weigh.PROTECTED)]
    rows = [["variant", *weigh.OWN, *compared, *(f"{head}, capped" for head in compared), *others, *unchanged]]
    merged = {merge.name: record["scores"] for merge, record in done.items()}
    for name, found in {"base": base, "own experts": own, **merged}.items():
        cells = [_wer(found[language]) for language in weigh.OWN]
        for cap in (dict, _capped):
            ours, theirs, start, goal = (cap(one) for one in (found, default, base, own))
            closed = (_mean(start) - _mean(ours)) / (_mean(start) - _mean(goal))
            cells += [f"{_mean(ours):.1f}", "" if found is default else study.difference(ours, theirs, weigh.OWN)]
            cells += [f"{100 * closed:.0f} %" if name in merged else ""]
        cells += [_wer(found.get(language)) for language in others]
        cells += [study.difference(found, base, one) if name in merged else "" for one in (["es"], weigh.PROTECTED)]
        rows.append([name, *cells])
    ranks = sorted({merge.rank for merge in done if merge.rank})
    collected = {rank: [store.read("weigh", f"statistics-{rank}/{language}") for language in plan.LANGUAGES] for rank in ranks}
    cost = lambda records: f"{_span(records, 'bytes', 1e6)} MB and {_span(records, 'seconds')} s"
    costs = "; ".join(f"rank {rank} {cost(records)}" for rank, records in collected.items())
    seconds = ", ".join(f"{merge.name} {record['seconds']:.0f} s" for merge, record in done.items())
    return f"{study.made(rows)}\n\nStatistics of a language: {costs}. Merges: {seconds}."


def _mean(found):
    return sum(score.rates(found[language])[0] for language in weigh.OWN) / len(weigh.OWN)


def _capped(found):
    """An utterance has at most as many edits as words."""
    return {language: [score.capped(row) for row in rows] for language, rows in found.items()}


def _wer(rows):
    return f"{score.rates(rows)[0]:.1f}" if rows else ""


def _span(records, key, unit=1):
    values = [record[key] / unit for record in records if record]
    low, high = (f"{value:.1f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def served(store):
    """What services decode of the version that came out of `koine up`."""
    seen = store.read("served", "stream")
    if not seen:
        return NOT_RUN
    languages = [expert.language for expert in plan.EXPERTS]
    rows = [["decoded by", "base or version", *languages, "mean", "version minus base"]]
    for service in services.SERVICES:
        records = {name: store.read("services", f"{name}-{service}") for name in ("base", "served-hf")}
        for name, record in records.items():
            if not record or any(language not in record for language in languages):
                continue
            mean = sum(score.rates(record[language])[0] for language in languages) / len(languages)
            change = study.difference(record, records["base"], languages) if name != "base" else ""
            rows.append([service, name, *(_rates(record[language]) for language in languages), f"{mean:.1f}", change])
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in seen["seconds"].items())
    sizes = ", ".join(f"{name} {value / 1e6:.2f} MB" for name, value in seen["bytes"].items())
    return f"{study.made(rows)}\n\n`{seen['koine']}`; version `{seen['digest']}`. Until announced or written: {seconds}. Task vectors: {sizes}."


def digests(store):
    """SHA-256 of the weights that were trained from and of those that came out."""
    rows = [["file", "bytes", "SHA-256"]]
    for name in ("base", "base-onnx", *(one for expert in plan.EXPERTS for one in dict.fromkeys((expert.name, expert.checkpoint)))):
        folder = store.model(name)
        for path in (path for path in sorted(folder.glob("*")) if path.suffix in (".safetensors", ".onnx")):
            rows.append([f"{name}/{path.name}", f"{koine.size(path):,}", f"`{sha256(path)}`"])
    return study.made(rows)


def _expert(name):
    return next((expert for expert in plan.EXPERTS if expert.checkpoint == name), None)


def _rates(rows):
    return "{:.1f} / {:.1f}".format(*score.rates(rows)) if rows else ""


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--out", type=Path, required=True, help="the file with the marks")
    arguments.add_argument("--tables", nargs="+", metavar="NAME", help="only these, no plot and no transcript; of a cache that has not everything")
    args = arguments.parse_args()
    tables = {"experts": experts, "weighed": weighed, "served": served, "digests": digests}
    tables |= {"recordings": study.recordings, "study-experts": study.experts, "merges": study.main_merges}
    tables |= {"other-merges": study.other_merges, "one-machine": study.one_machine, "streams": study.streams}
    tables |= {f"sizes-{name}": lambda store, name=name: sizes(store, name) for name in ("real", "whisper", "ctc")}
    unknown = sorted(set(args.tables or ()) - set(tables))
    if unknown:
        arguments.error(f"no table {unknown[0]}: there are {', '.join(tables)}")
    text = args.out.read_text(encoding="utf-8")
    for name, made in tables.items():
        if args.tables and name not in args.tables:
            continue
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{args.out} has no marks {begin} and {end}.")
        table = f"{begin}\n{made(args.cache)}\n{end}"
        text = pattern.sub(lambda _, table=table: table, text)
    args.out.write_text(text, encoding="utf-8")
    if args.tables:
        return say(f"report: {args.out}: {', '.join(args.tables)}")
    for name, draw in {"real-languages": plots.languages, "real-streams": plots.streams}.items():
        draw(args.cache, args.out.parent / "plots" / f"{name}.png")
    heard = args.cache.folder / "transcripts.md"
    heard.write_text(study.transcripts(args.cache) + "\n", encoding="utf-8")
    say(f"report: {args.out}; transcripts, whose texts are not ours to copy, in {heard}")


if __name__ == "__main__":
    main()
