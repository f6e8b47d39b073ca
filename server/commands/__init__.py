"""One module per command of `./tongchuang`; each composes what the packages do."""
