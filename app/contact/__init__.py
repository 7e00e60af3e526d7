"""Contact records: logged calls, visits, meetings, mails, notes."""
