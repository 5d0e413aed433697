"""Training, with checkpoints and resume, distillation and averaged weights."""
