-- Opened archives are read from their ciphertext; the copies in the clear that lie in the storage are deleted, one after the other.
update listed_bid set next_due_at = now() where files_stage = 'Opened';
