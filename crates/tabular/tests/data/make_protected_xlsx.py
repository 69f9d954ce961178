"""Makes protected.xlsx (password: secret) with openpyxl and msoffcrypto-tool (pip install both). Our own invented data."""
import io

import msoffcrypto.format.ooxml
import openpyxl

book = openpyxl.Workbook()
book.active.append(["SKU", "Price"])
book.active.append(["A", 1])
plain = io.BytesIO()
book.save(plain)
plain.seek(0)
with open("protected.xlsx", "wb") as protected:
    msoffcrypto.format.ooxml.OOXMLFile(plain).encrypt("secret", protected)
