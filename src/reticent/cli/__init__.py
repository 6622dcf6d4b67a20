"""The command line: main, and one file a verb that parses, calls the verb of the same name, prints and saves."""
