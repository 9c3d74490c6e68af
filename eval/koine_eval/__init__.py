"""Small speech models for Koine: synthesised speech, a base, language experts, ONNX exports, error rates."""
