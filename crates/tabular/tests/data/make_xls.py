"""Makes orders.xls with xlwt 1.3 (pip install xlwt): title, blank row, headers, typed cells. Our own invented data."""
import datetime
import xlwt

book = xlwt.Workbook(encoding="utf-8")
book.add_sheet("空表")
sheet = book.add_sheet("订单")
day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
instant = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM:SS")
sheet.write(0, 0, "2024年订单明细")
for column, name in enumerate(["订单编号", "订单日期", "下单时间", "客户名称", "数量", "单价(元)", "会员"]):
    sheet.write(2, column, name)
rows = [
    (1001, datetime.date(2024, 5, 31), datetime.datetime(2024, 5, 31, 14, 30, 5), "龙口果蔬", 12, 3.5, True),
    ("C1002", datetime.date(2024, 6, 1), datetime.datetime(2024, 6, 1, 8, 0, 0), "烟台 \"冷库\"", -2, 10.0, False),
]
for r, (number, on, at, name, quantity, price, member) in enumerate(rows):
    sheet.write(3 + r * 2, 0, number)
    sheet.write(3 + r * 2, 1, on, day)
    sheet.write(3 + r * 2, 2, at, instant)
    sheet.write(3 + r * 2, 3, name)
    sheet.write(3 + r * 2, 4, quantity)
    sheet.write(3 + r * 2, 5, price)
    sheet.write(3 + r * 2, 6, member)
book.save("orders.xls")
