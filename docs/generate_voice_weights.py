"""Writes podmill/quality/ge2e.npz, the weights of the speaker embeddings, from Resemblyzer's checkpoint.

    python docs/generate_voice_weights.py PATH/resemblyzer/pretrained.pt

Needs PyTorch, which the product does not. The same checkpoint gives the same file.
"""

import hashlib
import sys
from pathlib import Path
from typing import Final

import numpy as np
import torch

SHA256: Final = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
"""Of ``pretrained.pt`` in the wheel of Resemblyzer 0.1.4."""
TARGET: Final = Path(__file__).parents[1] / "podmill" / "quality" / "ge2e.npz"


def main(checkpoint: Path) -> None:
    if hashlib.sha256(checkpoint.read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{checkpoint} is not the checkpoint of Resemblyzer 0.1.4.")
    state = torch.load(checkpoint, map_location="cpu", weights_only=False)["model_state"]
    weights = {"linear.weight": state["linear.weight"].T, "linear.bias": state["linear.bias"]}
    for layer in range(3):
        weights[f"weight_ih_l{layer}"] = state[f"lstm.weight_ih_l{layer}"].T
        weights[f"weight_hh_l{layer}"] = state[f"lstm.weight_hh_l{layer}"].T
        weights[f"bias_l{layer}"] = state[f"lstm.bias_ih_l{layer}"] + state[f"lstm.bias_hh_l{layer}"]
    np.savez(TARGET, **{name: np.ascontiguousarray(value.numpy(), "<f2") for name, value in weights.items()})
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
