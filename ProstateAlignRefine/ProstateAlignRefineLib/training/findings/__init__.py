"""The rule of findings, fitted on what a bundle's network says of studies with known lesions."""
