"""Where state lives: the store on disk, the tree that commits to it, the overlays that change it."""
