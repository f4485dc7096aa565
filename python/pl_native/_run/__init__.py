"""Around a run: its checked options and task, its `Solution`, how it goes on and how its file is kept."""
