"""Returns: workbooks become typed tables with places, for any form."""
