"""The settings of the operator: their schema, how they are read, change windows."""
