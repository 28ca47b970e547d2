"""Looking at a namespace: snapshot.py has the nouns, collector.py the reads."""
