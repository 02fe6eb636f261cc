"""Every private entry into diffusers and its companions, one file each."""
