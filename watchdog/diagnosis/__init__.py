"""From a snapshot to a Diagnosis: rules first, then one call to a model if there is one."""
