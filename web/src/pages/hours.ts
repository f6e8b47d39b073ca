// Entry of "find an hour": drawn by the server, so this is style and the clocks of the page's top.
import './staff.ts';
import '../styles/hours.css';
