// Entry of the classroom page.
import '../styles/base.css';
import '../styles/lesson.css';
import '../styles/classroom.css';
import { defineClassroom } from '../classroom/elements/define.ts';
import { startPageLanguage } from '../i18n/catalogue.ts';

startPageLanguage();
defineClassroom();
