"""OPCM (arXiv 2501.09522), the published sequential merge: a new expert is projected away from what is merged already.

A baseline in Python, from the paper's equations. Koine does not offer it: its result depends on the order in which experts
came, and none of them can be taken back without merging all others again.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

import torch

from koine_eval.proof import plan


@dataclass(frozen=True)
class Opcm:
    """Experts, merged in the order in which sequential fine-tuning hears them, too."""

    seed: int
    experts: tuple
    #: Singular directions up to this share of the sum of singular values are kept from the new expert; the paper's choice.
    alpha: float = 0.5

    def key(self):
        return "opcm-" + hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    def order(self):
        return [language for language in plan.sequence(self.seed) if language in self.experts]


def merge(base, experts, alpha):
    """The merged weights, from those of the base and of each expert in order; all are name -> tensor."""
    task_vectors = [{name: expert[name] - base[name] for name in base} for expert in experts]
    merged, scale, norms = task_vectors[0], 1.0, [norm(task_vectors[0])]
    for vector in task_vectors[1:]:
        norms.append(norm(vector))
        summed = {name: scale * merged[name] + projected(name, merged[name], vector[name], alpha) for name in base}
        scale = norm(summed) / (sum(norms) / len(norms))
        merged = {name: value / scale for name, value in summed.items()}
    return {name: base[name] + merged[name] for name in base}


def norm(vector):
    return float(sum((value.double() ** 2).sum() for value in vector.values()) ** 0.5)


def is_linear(name):
    return name.endswith(("_proj.weight", "fc1.weight", "fc2.weight"))


def projected(name, merged, vector, alpha):
    """What of a new matrix lies outside the leading directions of the merged one; other tensors are taken whole."""
    if not is_linear(name) or not merged.any():
        return vector
    left, values, right = torch.linalg.svd(merged.double())
    leading = int((values.cumsum(0) / values.sum() > alpha).int().argmax())
    coordinates = left.T @ vector.double() @ right.T
    coordinates[:leading, :leading] = 0
    coordinates.diagonal().zero_()
    return (left @ coordinates @ right).float()
