"""Log-mel features, 16 kHz, one frame every 10 ms, scaled to [-1, 1] with silence at -1."""

import numpy as np

SAMPLE_RATE = 16000
HOP = 160
WINDOW = 400
FFT = 512
MELS = 40
#: The value of a silent frame, and so what short inputs are padded with.
PADDING = -1.0
#: Decades of power below the loudest bin that are kept.
DYNAMIC_RANGE = 6.0


def _mel_filters():
    """Triangular filters, evenly spaced on the mel scale from 60 Hz to 7600 Hz: [bins, mels]."""
    to_mel = lambda hz: 2595 * np.log10(1 + hz / 700)
    edges = 700 * (10 ** (np.linspace(to_mel(60), to_mel(7600), MELS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling))


FILTERS = _mel_filters()


def log_mel(samples):
    """Float samples at 16 kHz -> float32 [frames, MELS]."""
    count = max(1, 1 + (len(samples) - WINDOW) // HOP)
    samples = np.pad(samples, (0, max(0, WINDOW - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), FFT)) ** 2
    mel = np.log10(np.maximum(power @ FILTERS, 1e-10))
    peak = mel.max()
    return (1 + 2 * (np.maximum(mel, peak - DYNAMIC_RANGE) - peak) / DYNAMIC_RANGE).astype(np.float32)
