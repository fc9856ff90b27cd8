"""Who speaks when: how often the model server is wrong, and about how many speakers; on recordings, and on conversations made
of voices."""
