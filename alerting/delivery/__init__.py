"""Hand mails to a transport: maildir or SMTP, with a fixed Message-ID and a signed link to leave."""
