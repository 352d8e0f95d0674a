"""The panel's sections: each shows a part of the session and passes on what the user does there."""
