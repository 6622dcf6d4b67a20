"""What a purpose needs: which columns, how many people, how far back, each shown on rows that chose nothing."""
