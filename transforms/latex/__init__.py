"""LaTeX sources as text: what is verbatim, comments, macros, the first section and the bibliography, and what binds the files of a project together."""
