import './light.js'
