import { render } from "preact";
import "./css/tokens.css";
import "./css/base.css";
import "./css/kit.css";
import "./css/frame.css";
import { Frame } from "./frame.js";
import { listenToAddresses } from "./route.js";

listenToAddresses();
const page = document.getElementById("page");
if (page !== null) render(<Frame />, page);
