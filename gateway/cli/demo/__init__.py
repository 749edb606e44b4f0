"""`schoolgate demo`: the main job, visibly, with a virtual phone network in front of the real gateway."""
