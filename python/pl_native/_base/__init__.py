"""What every folder may use, which knows nothing of the subject: checks, files, digests, progress, build."""
