// Every page loads this one module. Each file looks for its own data- attributes and does nothing on pages without them.
import "./zone.js";
import "./htmx.js";
import "./toast.js";
import "./menu.js";
import "./palette.js";
import "./keys.js";
import "./list.js";
import "./bulk.js";
import "./filter.js";
import "./columns.js";
import "./board.js";
import "./cell.js";
import "./tabs.js";
import "./lookup.js";
import "./form.js";
import "./lines.js";
import "./drop.js";
