"""TSV-M (arXiv 2412.00081) at a fixed rank: each expert's singular vectors of every matrix, made orthogonal to the others', then summed.

At a fixed rank it is a function of sums: with S the sum of U diag(s) V', P of U U' and Q of V V', it is P^-1/2 S Q^-1/2, inverse
roots on what P and Q span. What is no matrix of a linear layer is the mean of the experts'.

The boost (Subspace Boosting, arXiv 2506.16506; the benchmark that has TSV-M ahead, arXiv 2603.05354, boosts it likewise) raises the singular values of
the sum behind those that have a share of their total to the value there.
"""

import torch

from koine_eval.real import whisper
from koine_eval.real.study import train

RANK = 32


def merged(store, names, rank=RANK, scale=1.0, boost=None):
    """The base with the experts of these names merged into it."""
    base = whisper.load(store.model("base"))
    start = {name: value.clone() for name, value in base.state_dict().items()}
    experts = [train.load(store, name).state_dict() for name in names]
    state = {}
    for name, value in start.items():
        deltas = [expert[name] - value for expert in experts]
        is_linear = value.ndim == 2 and "embed" not in name and "proj_out" not in name
        if is_linear:
            total = orthogonal_sum(deltas, rank)
            state[name] = value + scale * (total if boost is None else boosted(total, boost))
        else:
            state[name] = value + sum(deltas) / len(deltas)
    base.load_state_dict(state)
    return base.eval()


def orthogonal_sum(deltas, rank):
    """The sum of the deltas' leading parts, their singular vectors made orthogonal by the nearest orthonormal ones."""
    factors = [torch.svd_lowrank(delta, q=min(2 * rank, *delta.shape), niter=4) for delta in deltas if delta.any()]
    if not factors:
        return torch.zeros_like(deltas[0])
    left, values, right = (torch.cat([factor[part][..., :rank] for factor in factors], -1) for part in range(3))
    return nearest_orthonormal(left) * values @ nearest_orthonormal(right).T


def boosted(total, share):
    """A matrix whose small singular values are raised to that at which the larger ones have a share of the sum of all; those of nothing stay."""
    left, values, right = torch.linalg.svd(total, full_matrices=False)
    values = torch.where(values > 1e-6 * values[0], values, 0)
    least = values[torch.searchsorted(values.cumsum(0), share * values.sum()).clamp(max=len(values) - 1)]
    return left * torch.where(values > 0, values.clamp(min=least), values) @ right


def nearest_orthonormal(vectors):
    """Of all matrices with orthonormal columns (rows, where there are fewer) the nearest: the polar factor."""
    left, _, right = torch.linalg.svd(vectors, full_matrices=False)
    return left @ right
