"""Who is who: numbers checked, rows linked to people, pseudonyms minted. It runs on the trusted host only."""
