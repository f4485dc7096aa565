"""What is proved of a state: the certificate, what it claims, its words and its file (docs/proofs.md)."""
