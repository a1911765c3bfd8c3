"""The steps of the flow: the only place where the parts meet and transactions begin and end."""
