"""The bytes that are signed for an update. They change together with `Statement` in Java's `events`."""

import struct
from collections.abc import Sequence
from typing import Any

from koine_subscriber.bundles import Bundle


class _Statement:
    def __init__(self, kind: str) -> None:
        self.bytes = bytearray(kind.encode() + b"\n")

    def text(self, name: str, value: str | None) -> None:
        said = None if value is None else value.encode()
        length = "-" if said is None else str(len(said))
        self.bytes += f"{name} {length}\n".encode() + (b"-" if said is None else said) + b"\n"

    def number(self, name: str, value: int | None) -> None:
        self.text(name, None if value is None else str(value))

    def real(self, name: str, value: float | None) -> None:
        self.text(name, None if value is None else struct.pack(">d", value).hex())

    def flag(self, name: str, value: bool) -> None:
        self.text(name, "true" if value else "false")

    def texts(self, name: str, values: Sequence[str]) -> None:
        self.number(name, len(values))
        for value in values:
            self.text(name, value)

    def interval(self, name: str, value: dict[str, float] | None) -> None:
        if value is not None:
            self.real(name + "-low", value["low"])
            self.real(name + "-high", value["high"])

    def combination(self, terms: Sequence[dict[str, Any]]) -> None:
        if terms:
            self.number("combine", len(terms))
            for term in terms:
                self.text("term", term["expertId"])
                self.real("factor", term["factor"])

    def expert(self, expert: dict[str, Any]) -> None:
        self.text("expert", expert["expertId"])
        self.number("revision", expert["revision"])
        self.texts("languages", expert["languages"])
        self.texts("tasks", expert["tasks"])
        self.real("weight", expert["weight"])
        self.text("bundle", expert["bundleDigest"])
        self.text("task-vector", expert["taskVectorDigest"])
        self.combination(expert["combine"])
        if expert["statisticsDigest"] is not None:
            self.text("statistics", expert["statisticsDigest"])
        if expert["patch"] is not None:
            self.text("patch-place", expert["patch"]["list"]["uri"])
            self.text("patch", Bundle.from_event(expert["patch"]["list"]).digest)
            self.number("patch-bytes", expert["patch"]["bytes"])

    def recipe(self, recipe: dict[str, Any]) -> None:
        self.number("rank", recipe["rank"])
        self.real("density", recipe["density"])
        self.real("scale", recipe["scale"])
        self.text("precision", recipe["precision"])
        self.number("rules", len(recipe["rules"]))
        for rule in recipe["rules"]:
            self.text("pattern", rule["pattern"])
            self.text("policy", rule["policy"])
        if recipe["method"] != "LORS":
            self.text("method", recipe["method"])
        if recipe["scaling"] != "FIXED":
            self.text("scaling", recipe["scaling"])
        if recipe["scaleGrid"]:
            self.number("scale-grid", len(recipe["scaleGrid"]))
            for scale in recipe["scaleGrid"]:
                self.real("scale", scale)
        if recipe["scaleLimit"] is not None:
            self.real("scale-limit", recipe["scaleLimit"])
        if recipe["seed"] != 0:
            self.number("seed", recipe["seed"])
        if recipe["slack"] != 0:
            self.real("slack", recipe["slack"])

    def policy(self, policy: dict[str, Any]) -> None:
        self.text("gate", policy["mode"])
        self.real("max-regression", policy["maxRegression"])
        self.real("max-mean-regression", policy["maxMeanRegression"])
        self.real("min-gain", policy["minGain"])
        self.texts("guarded", policy["guarded"])
        self.number("sample", policy["sample"])
        self.number("seed", policy["seed"])
        if policy["confidence"] != 0:
            self.real("confidence", policy["confidence"])
        if policy["against"]:
            self.texts("against", policy["against"])
        if policy["maxDecline"] != 0.05:
            self.real("max-decline", policy["maxDecline"])

    def measures(self, name: str, measures: dict[str, Any] | None) -> None:
        self.number(name, None if measures is None else measures["utterances"])
        if measures is not None:
            for figure in ("error", "wer", "cer", "bleu", "loss"):
                self.real(figure, measures[figure])
            self.text("failure", measures["failure"])

    def yardsticks(self, yardsticks: Sequence[dict[str, Any]]) -> None:
        if yardsticks:
            self.number("yardsticks", len(yardsticks))
        for yardstick in yardsticks:
            self.text("yardstick", yardstick["yardstick"])
            self.number("version", yardstick["version"])
            self.text("digest", yardstick["digest"])
            self.real("error", yardstick["error"])
            self.interval("growth", yardstick["growth"])
            self.flag("judged", yardstick["judged"])
            self.text("failure", yardstick["failure"])

    def report(self, report: dict[str, Any]) -> None:
        self.policy(report["policy"])
        self.flag("passed", report["passed"])
        self.texts("reasons", report["reasons"])
        self.number("scores", len(report["scores"]))
        for score in report["scores"]:
            self.text("language", score["language"])
            self.text("task", score["task"])
            self.text("standing", score["standing"])
            self.measures("before", score["before"])
            self.measures("after", score["after"])
            self.interval("growth", score["growth"])
            self.yardsticks(score["yardsticks"])
        self.number("trials", len(report["scaleTrials"]))
        for trial in report["scaleTrials"]:
            self.real("scale", trial["scale"])
            self.real("error", trial["error"])
        self.texts("evaluation-sets", report["evaluationSets"])
        self.number("evaluation-millis", report["evaluationMillis"])
        self.number("merge-millis", report["mergeMillis"])
        self.interval("growth-inside", report["growthInside"])
        self.interval("growth-new", report["growthNew"])


def statement_of(update: dict[str, Any]) -> bytes:
    """What an update says, to be signed. Raises RejectedError if its bundle is none."""
    said = _Statement("koine-update-1")
    said.text("model", update["modelId"])
    said.number("version", update["version"])
    said.number("parent", update["parent"])
    said.text("digest", update["digest"])
    said.text("place", update["bundle"]["uri"])
    said.text("bundle", Bundle.from_event(update["bundle"]).digest)
    said.number("experts", len(update["experts"]))
    for expert in update["experts"]:
        said.expert(expert)
    said.recipe(update["recipe"])
    cause = update["cause"]
    said.text("change", cause["change"])
    said.text("changed-expert", cause["expertId"])
    said.number("changed-revision", cause["revision"])
    said.number("back-to", cause["backTo"])
    said.text("topic", cause["position"]["topic"])
    said.number("partition", cause["position"]["partition"])
    said.number("offset", cause["position"]["offset"])
    said.number("time", update["time"])
    if update["scale"] is not None:
        said.real("used-scale", update["scale"])
    if update["scalesDigest"] is not None:
        said.text("used-scales", update["scalesDigest"])
    if update["gate"] is not None:
        said.report(update["gate"])
    if update["updateShare"] is not None:
        said.real("update-share", update["updateShare"])
    if update["checkpointDigest"] is not None:
        said.text("checkpoint", update["checkpointDigest"])
    if update["weightMapDigest"] is not None:
        said.text("weight-map", update["weightMapDigest"])
    if update["base"] is not None:
        said.text("base-place", update["base"]["uri"])
        said.text("base", Bundle.from_event(update["base"]).digest)
    return bytes(said.bytes)
