"""One plan or outcome, one renderer a file. Renderers return text; only the command line writes it."""
