"""The tables of the experiment. An utterance has at most as many edits as words; rows of several seeds are their mean."""

import itertools

from koine_eval.real import bootstrap
from koine_eval.real import score as basis
from koine_eval.real.study import merges, plan, score, speech, stream

#: Whose recordings they are.
SOURCES = {
    "cs": "Fillets, acted",
    "nl": "Fillets, acted",
    "ro": "Tux Paint",
    "ca": "Tux Paint",
    "bg": "Tux Paint",
    "el": "Tux Paint",
    "es": "Tux Paint, Asterisk",
    "fr": "Tux Paint, Asterisk",
    "en": "Asterisk",
    "it": "Asterisk",
    "ru": "Festvox, Tux Paint, Asterisk",
}
NOT_RUN = "Not measured yet."
#: How many utterances of each language the table of the first seed's other merges is of; they were measured with no more.
OF_OTHERS = 60


def made(rows):
    header, *body = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, ["---"] * len(header), *body))


def role(language):
    if language in plan.EXPERTS:
        return "expert"
    return "protected" if language in plan.PROTECTED else "neither"


def recordings(store):
    """What each language has, and what for."""
    rows = [["language", "", "from", "training", "held out, for losses and the gate", "test", "voices of the test"]]
    for language in plan.LANGUAGES:
        parts = {part: speech.utterances(store, part, language) for part in ("train", "dev", "test")}
        minutes = (f"{len(found)}, {sum(one.seconds for one in found) / 60:.1f} min" for found in parts.values())
        voices = "not in training" if language in speech.TEST_VOICE else "in training"
        rows.append([language, role(language), SOURCES[language], *minutes, voices])
    return made(rows)


def wer(counts, languages):
    """The mean over languages, per cent."""
    return sum(basis.rates(counts[language])[0] for language in languages) / len(languages)


def averaged(measured):
    """Of several models' counts, one utterance's mean."""
    mean = lambda rows: [rows[0][0], *(sum(values) / len(values) for values in zip(*(row[1:] for row in rows), strict=True))]
    return {language: [mean(rows) for rows in zip(*(one[language] for one in measured), strict=True)] for language in measured[0]}


def own(store, seed, most=None):
    """Each expert in its language."""
    found = {}
    for language in plan.EXPERTS:
        found |= score.counts(store, plan.expert(language, seed).name, [language], most)
    return found


def experts(store):
    """Each expert in its language, by seed."""
    heads = [f"{head}, seed {seed}" for seed in plan.SEEDS for head in ("recipe, steps", "WER")]
    rows = [["language", "base", *heads]]
    base = score.counts(store, "base", plan.LANGUAGES)
    for language in plan.EXPERTS:
        cells = [language, f"{wer(base, [language]):.1f}"]
        for seed in plan.SEEDS:
            trained = plan.expert(language, seed)
            seen, counts = store.read("study/training", trained.name), score.counts(store, trained.name, [language])
            is_done = seen and counts
            recipe = f"LoRA {trained.rank}" if trained.rank else "full"
            cells += [f"{recipe}, {seen['steps']}", f"{wer(counts, [language]):.1f}"] if is_done else ["", ""]
        rows.append(cells)
    return made(rows)


def seeds(store, merge):
    """Seeds of which a merge and all experts were measured in all languages."""
    is_done = lambda name, languages: len(score.counts(store, name, languages)) == len(languages)
    has_experts = lambda seed: all(is_done(plan.expert(language, seed).name, [language]) for language in plan.EXPERTS)
    return [seed for seed in plan.SEEDS if has_experts(seed) and is_done(merges.name_of(merge, seed), plan.LANGUAGES)]


def difference(ours, theirs, languages):
    measured, low, high = bootstrap.difference(ours, theirs, languages)
    return f"{measured:+.1f} [{low:+.1f}, {high:+.1f}]"


def closed(base, ours, goal, languages=plan.EXPERTS):
    """Per cent of the way from the base to each expert in its language."""
    start, end = wer(base, languages), wer(goal, languages)
    return 100 * (start - wer(ours, languages)) / (start - end)


def compared(store, rows, chosen, most=None):
    """Base, own experts, and a row for each (name, counts by seed): everything over the chosen seeds and the first `most` utterances."""
    names = ["", *plan.EXPERTS, "mean", "gap closed (seeds)", "minus sum", *plan.PROTECTED]
    names += ["es, fr, en minus base", *plan.UNTOUCHED, "it, ru minus base"]
    base = score.counts(store, "base", plan.LANGUAGES, most)
    goals = {seed: own(store, seed, most) for seed in chosen}
    total = averaged([score.counts(store, merges.name_of(merges.SUM, seed), plan.LANGUAGES, most) for seed in chosen])
    cell = lambda counts, language: f"{wer(counts, [language]):.1f}" if language in counts else ""
    table = [names]
    all_rows = [("base", {seed: base for seed in chosen}), ("own experts", goals), *rows]
    for name, by_seed in all_rows:
        counts = averaged(list(by_seed.values()))
        cells = [name, *(cell(counts, language) for language in plan.EXPERTS), f"{wer(counts, plan.EXPERTS):.1f}"]
        is_merge = name not in ("base", "own experts")
        if is_merge:
            by_seeds = [f"{closed(base, by_seed[seed], goals[seed]):.0f}" for seed in chosen]
            spread = f" ({', '.join(by_seeds)})" if len(chosen) > 1 else ""
            cells += [f"{closed(base, counts, averaged(list(goals.values()))):.0f} %{spread}"]
            cells += ["" if name == merges.SUM.name else difference(counts, total, plan.EXPERTS)]
        else:
            cells += ["", difference(counts, total, plan.EXPERTS)]
        for languages in (plan.PROTECTED, plan.UNTOUCHED):
            cells += [cell(counts, language) for language in languages]
            cells += [difference(counts, base, languages) if is_merge else ""]
        table.append(cells)
    return made(table)


def main_merges(store):
    """The merges of all seeds."""
    chosen = [seed for seed in plan.SEEDS if all(seed in seeds(store, merge) for merge in merges.MAIN)]
    if not chosen:
        return NOT_RUN
    counts = lambda merge: {seed: score.counts(store, merges.name_of(merge, seed), plan.LANGUAGES) for seed in chosen}
    said = f"Seeds {', '.join(map(str, chosen))}."
    return f"{compared(store, [(merge.name, counts(merge)) for merge in merges.MAIN], chosen)}\n\n{said}"


def other_merges(store):
    """All merges of the first seed, those that were measured, and joint and sequential training."""
    seed = plan.SEEDS[0]
    done = [merge for merge in merges.MERGES if seed in seeds(store, merge)]
    if merges.SUM not in done:
        return NOT_RUN
    rows = [(merge.name, merges.name_of(merge, seed)) for merge in done]
    rows += [(name, f"{name}-{seed}") for name in ("joint-equal", "joint-full", "sequential")]
    counts = lambda key: score.counts(store, key, plan.LANGUAGES, OF_OTHERS)
    found = [(name, {seed: counts(key)}) for name, key in rows if score.record(store, key)]
    return compared(store, found, [seed], OF_OTHERS)


def one_machine(store):
    """What was measured of the first seed with its first three and with all six experts, with and without rehearsal: a table for each."""
    parts = []
    windows = {"": "", score.WHOLE: ", in the whole window"}
    for languages, rehearsal, window in itertools.product((plan.EXPERTS[:3], plan.EXPERTS), (False, True), windows):
        table = of_experts(store, plan.SEEDS[0], languages, rehearsal, window)
        if table:
            said_of = "with rehearsal" if rehearsal else "without rehearsal"
            parts.append(f"**{len(languages)} experts {said_of}{windows[window]}**\n\n{table}")
    return "\n\n".join(parts) or NOT_RUN


def of_experts(store, seed, languages, rehearsal, window):
    """Base, own experts and all merges of these experts that were measured, on the first utterances of each language; nothing if none was."""
    counts = lambda name, of: score.counts(store, name + window, of, OF_OTHERS)
    is_done = lambda name, of: not score.missing(store, name + window, of, OF_OTHERS)
    trained = [plan.expert(language, seed, rehearsal) for language in languages]
    names = {merge.name: merges.name_of(merge, seed, languages, rehearsal) for merge in merges.MERGES}
    names = {name: key for name, key in names.items() if is_done(key, plan.LANGUAGES)}
    if not names or not all(is_done(one.name, one.languages) for one in trained):
        return None
    others = [language for language in plan.LANGUAGES if language not in languages]
    rows = [["", *languages, "mean", "gap closed", "minus first row", *others, "es, fr, en minus base", "worst of those without an expert, minus base"]]
    base = counts("base", plan.LANGUAGES)
    goal = {}
    for one in trained:
        goal |= counts(one.name, one.languages)
    first = None
    for name, found in {"base": base, "own experts": goal, **{name: counts(key, plan.LANGUAGES) for name, key in names.items()}}.items():
        is_merge = name in names
        cells = [name, *(f"{wer(found, [language]):.1f}" for language in languages), f"{wer(found, languages):.1f}"]
        cells += [f"{closed(base, found, goal, languages):.0f} %" if is_merge else ""]
        cells += [difference(found, first, languages) if is_merge and first else ""]
        first = first or (found if is_merge else None)
        cells += [f"{wer(found, [language]):.1f}" if language in found else "" for language in others]
        cells += [difference(found, base, plan.PROTECTED) if is_merge else ""]
        worst = max(others, key=lambda language: bootstrap.difference(found, base, [language])[1]) if is_merge else None
        cells += [f"{worst} {difference(found, base, [worst])}" if is_merge else ""]
        rows.append(cells)
    return made(rows)


def recorded(store):
    """(order, seed) -> what was recorded of it."""
    keys = ((name, seed) for name in stream.ORDERS for seed in plan.SEEDS)
    found = {key: store.read("study/streams", "{}-{}".format(*key)) for key in keys}
    return {key: record for key, record in found.items() if record}


def streams(store):
    """The gate's figures at each step of each order, and what became of each event."""
    parts = []
    for (name, seed), record in recorded(store).items():
        came = ", ".join(event["expert"] for event in record["events"])
        parts.append(f"**{name.capitalize()}**, experts of seed {seed}: {came}\n\n{steps(record)}")
    return "\n\n".join(parts) or NOT_RUN


def steps(record):
    rows = [["change", "became", "evaluated in s", *plan.LANGUAGES]]
    for outcome in sorted(record["outcomes"], key=position):
        gate = outcome.get("gate") or {}
        scores = {one["language"]: one["after"].get("error") for one in gate.get("scores", [])}
        cells = [f"{100 * scores[language]:.0f}" if scores.get(language) is not None else "" for language in plan.LANGUAGES]
        if outcome.get("code"):
            change, became = f"+ {outcome['expertId']}", f"refused: {outcome['code']}"
        else:
            change, became = said(outcome["cause"]), f"version {outcome['version']}, `{outcome['digest'][7:19]}`"
        rows.append([change, became, f"{gate['evaluationMillis'] / 1000:.0f}" if gate else "", *cells])
    return made(rows)


def position(outcome):
    """Registrations, then expert events in their order."""
    at = outcome.get("position") or outcome["cause"]["position"]
    return at["topic"] != "koine.models", at["offset"]


def said(cause):
    expert = cause.get("expertId")
    if not expert:
        return "registered"
    if cause["change"] == "RETRACTED":
        return f"- {expert}"
    return f"{expert} protected" if expert in plan.PROTECTED else f"+ {expert}"


def transcripts(store, most=10):
    """Of each language, what is said, what the base hears and what the best merge of the first seed hears."""
    seed = plan.SEEDS[0]
    served = score.record(store, merges.name_of(merges.PROTECT, seed))
    heard = score.record(store, "base")
    if not served:
        return NOT_RUN
    parts = []
    for language in plan.LANGUAGES:
        rows = [["said", "base", "served"]]
        for one in speech.utterances(store, "test", language)[:most]:
            ours, theirs = served[language]["texts"].get(one.id), heard[language]["texts"].get(one.id)
            if ours is not None and theirs is not None:
                rows.append([shown(one.normalised), shown(theirs), shown(ours)])
        parts.append(f"**{language}** ({role(language)})\n\n{made(rows)}")
    return "\n\n".join(parts)


def shown(text):
    """At most so much of a text as a reader wants of one that loops."""
    text = text.replace("|", "/")
    return text if len(text) <= 120 else f"{text[:120]} ..."
