"""Opacus: the noise that its own accountants ask for, by Renyi DP and by privacy random variables (PRV)."""

import sys
import time
import warnings

import numpy as np
from opacus.accountants.utils import get_noise_multiplier


def main() -> None:
    warnings.simplefilter("ignore")
    with np.load(sys.argv[1]) as held:
        rate, steps, epsilon, delta = (held[name] for name in ("rate", "steps", "epsilon", "delta"))
    noise, seconds = np.full((2, len(rate)), np.nan), np.zeros((2, len(rate)))
    for number, accountant in enumerate(("rdp", "prv")):
        for i in range(len(rate)):
            began = time.process_time()
            try:
                noise[number, i] = get_noise_multiplier(
                    target_epsilon=float(epsilon),
                    target_delta=float(delta),
                    sample_rate=float(rate[i]),
                    steps=int(steps[i]),
                    accountant=accountant,
                    epsilon_tolerance=1e-3,
                )
            except ValueError as error:
                print(f"{accountant} {rate[i]} {steps[i]}: {error}")
            seconds[number, i] = time.process_time() - began
    np.savez(sys.argv[2], rdp=noise[0], prv=noise[1], rdp_seconds=seconds[0], prv_seconds=seconds[1])


if __name__ == "__main__":
    main()
