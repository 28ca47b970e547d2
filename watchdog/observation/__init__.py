"""Looking at a namespace: snapshot.py has what was seen, collector.py the reads."""
