"""Several renderers behind one: what is dealt to whom, and who takes part."""
