"""The report of a model: figures and one Markdown page. Each file here makes one part of it."""
