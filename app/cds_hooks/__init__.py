"""The CDS Hooks wire: what is offered, what is asked, what is answered."""
