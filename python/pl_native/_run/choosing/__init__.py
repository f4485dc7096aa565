"""Which method a run takes and what that costs, before the run (`advise`) and along it (method "auto")."""
