"""The model server on a cluster: the parts of the work that need different models run apart, behind one ingress.

The ingress has the routes of the ordinary server. It passes each request to a replica as a `Call`, and a replica answers it with the
ordinary application (`call`). Nothing here but `deployments` knows Ray."""
