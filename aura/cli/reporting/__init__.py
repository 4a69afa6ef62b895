"""`aura report`: what the warehouse knows, as one page with plots."""
